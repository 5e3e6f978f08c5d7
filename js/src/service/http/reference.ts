/** The interface as a page to read, made from its own description. */
import { html, raw } from "hono/html";

interface Operation {
  summary?: string;
  description?: string;
  tags?: string[];
  parameters?: { name?: string; in?: string; required?: boolean; description?: string }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { description?: string; content?: Record<string, { schema?: unknown }> }>;
}

interface Description {
  info: { title: string; description?: string };
  paths?: Record<string, Record<string, unknown>>;
  components?: { schemas?: Record<string, unknown> };
}

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color-scheme:light dark}
code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;padding:.75rem;border:1px solid #8884;border-radius:6px}
section{border-top:1px solid #8884;padding:.5rem 0}h2{margin-top:2.5rem}.method{display:inline-block;min-width:4.5rem;font-weight:600}
table{border-collapse:collapse}td{padding:.1rem .75rem .1rem 0;vertical-align:top}`;

/** The name of a shape that is described elsewhere, or what it is itself. */
function shape(schema: unknown): string {
  const { $ref } = (schema ?? {}) as { $ref?: string };
  return $ref === undefined ? JSON.stringify(schema, undefined, 2) : ($ref.split("/").at(-1) ?? "");
}

type Html = ReturnType<typeof html>;

function operation(method: string, path: string, { summary, description, parameters = [], requestBody, responses = {} }: Operation): Html {
  const bodies = Object.entries(requestBody?.content ?? {}).map(([type, { schema }]) => html`<tr><td>Body</td><td><code>${type}</code></td><td><code>${shape(schema)}</code></td></tr>`);
  const given = parameters.map(({ name, in: where, required, description: about }) => html`<tr><td>${where}</td><td><code>${name}</code>${required ? " (required)" : ""}</td><td>${about ?? ""}</td></tr>`);
  const answers = Object.entries(responses).map(([status, { description: about, content = {} }]) => html`<tr><td>${status}</td><td>${about ?? ""}</td><td><code>${Object.values(content).map(({ schema }) => shape(schema)).join(", ")}</code></td></tr>`);
  return html`<section><h3><span class="method">${method.toUpperCase()}</span> <code>${path}</code></h3><p>${summary ?? ""}. ${description ?? ""}</p><table>${given}${bodies}${answers}</table></section>`;
}

export function referencePage(document: unknown): string {
  const { info, paths = {}, components } = document as Description;
  const operations = Object.entries(paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, each]) => ({ path, method, each: each as Operation })));
  const tags = [...new Set(operations.map(({ each }) => each.tags?.[0] ?? ""))];
  const parts = tags.map((tag) => html`<h2>${tag}</h2>${operations.filter(({ each }) => each.tags?.[0] === tag).map(({ method, path, each }) => operation(method, path, each))}`);
  const shapes = Object.entries(components?.schemas ?? {}).map(([name, schema]) => html`<section><h3 id="${name}">${name}</h3><pre>${JSON.stringify(schema, undefined, 2)}</pre></section>`);
  return String(html`<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${info.title}</title><style>${raw(STYLE)}</style></head><body><h1>${info.title}</h1><p>${info.description ?? ""} Described for programs at <a href="/openapi.json">/openapi.json</a>.</p>${parts}<h2>Shapes</h2>${shapes}</body></html>`);
}
