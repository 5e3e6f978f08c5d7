/** Pages of lists. Each says after which place the next one begins, so that it begins there whatever has gone meanwhile. */
import { z } from "@hono/zod-openapi";
import { base64url, fromBase64 } from "../ids.js";
import { ServiceProblem } from "../problem.js";

/** A page of a list. */
export const paged = z.object({
  limit: z.coerce.number().int().min(1).max(500).optional().openapi({ description: "Default: 100." }),
  after: z.string().min(1).max(2_000).optional().openapi({ description: "`next` of the page before." }),
});

export function pageOf<T extends z.ZodType>(item: T): z.ZodObject<{ items: z.ZodArray<T>; next: z.ZodOptional<z.ZodString> }> {
  return z.object({ items: z.array(item), next: z.string().optional() });
}

/** Where something stands in a list: by what it is sorted by, then by its id. */
export type Place = readonly [key: string, id: string];

/** How a list is sorted. */
export interface Sorting<T> {
  /** Stands in the places of this list: they are none of one that is sorted otherwise. */
  name: string;
  keyOf(item: T): string;
  compare(one: Place, other: Place): number;
}

/** As the store sorts them. */
const BY_ID: Sorting<{ id: string }> = {
  name: "id",
  keyOf: ({ id }) => encodeURIComponent(id),
  compare: ([one], [other]) => (one < other ? -1 : one > other ? 1 : 0),
};

/** Cuts a page out of all. Throws a problem (400) when `after` is no place in this list. */
export function cut<T extends { id: string }>(all: readonly T[], { limit = 100, after }: { limit?: number | undefined; after?: string | undefined }, sorting: Sorting<T> = BY_ID): { items: T[]; next?: string } {
  const place = after === undefined ? undefined : placeOf(after, sorting.name);
  const rest = place === undefined ? all : all.filter((item) => sorting.compare([sorting.keyOf(item), item.id], place) > 0);
  const items = rest.slice(0, limit);
  const last = items.at(-1);
  return { items, ...(last && rest.length > items.length ? { next: told(sorting.name, [sorting.keyOf(last), last.id]) } : {}) };
}

function told(name: string, place: Place): string {
  return base64url(new TextEncoder().encode(JSON.stringify([name, ...place])));
}

const Told = z.tuple([z.string(), z.string(), z.string()]);

function placeOf(text: string, sorting: string): Place {
  try {
    const [name, ...place] = Told.parse(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(fromBase64(text))));
    if (name === sorting) return place;
  } catch {
    // Whatever it is, it is no place.
  }
  throw noPlace();
}

export function noPlace(): ServiceProblem {
  return new ServiceProblem(400, "cursor", "misuse", "`after` is no place in this list, or in this order of it.", "Send `next` of the page before, with the same order; or begin at the first page.");
}
