/** Which order the days of a source are in, found by trying: a dry run over its first profiles for each order. */
import type { Account, PreviewOptions, ExportDefinition, FieldMapping, Mapping, Preview } from "./types.js";

const ORDERS = ["ymd", "mdy", "dmy"] as const;
type Order = (typeof ORDERS)[number];

/** The core's dry run, in whichever entry the caller has it. */
type DryRun = (options: PreviewOptions) => Promise<Preview>;

/**
 * The same mapping with `dateOrder` where exactly one order reads every day of the sample, or more of them than any
 * other; `unsure` has the titles of fields whose days may be read in several.
 */
export async function withDateOrders(mapping: Partial<Mapping>, account: Account, sample: Uint8Array, preview: DryRun): Promise<{ mapping: Partial<Mapping>; unsure: string[] }> {
  const { email, fields = [] } = mapping;
  const list = account.lists[0]?.id;
  if (email === undefined || list === undefined) return { mapping, unsure: [] };
  const dates = account.fields.filter(({ type }) => type === "date" || type === "datetime").map(({ title }) => title);
  const isDate = (field: FieldMapping): boolean => "field" in field && dates.includes(field.field);
  if (!fields.some(isDate)) return { mapping, unsure: [] };
  const left = async (order?: Order): Promise<Map<string, number>> => {
    const tried = fields.filter(isDate).map((field) => (order === undefined ? field : { ...field, dateOrder: order }));
    const trials: Mapping[] = [{ email, fields: tried }];
    for (const field of tried) {
      // A row with a broken address shows its day too: here an address is made of the day itself.
      if ("column" in field && !/[{}]/u.test(field.column)) trials.push({ email: { template: `day{${field.column}}@example.com` }, fields: [field] });
    }
    const counts = new Map<string, number>();
    for (const mapping of trials) {
      const definition: ExportDefinition = { version: 1, list, mapping };
      const { omissions } = await preview({ definition, account, source: sample, deduplicate: false });
      for (const { target, count } of omissions) counts.set(target, (counts.get(target) ?? 0) + count);
    }
    return counts;
  };
  let without: Map<string, number>;
  let found: Map<string, number>[];
  try {
    without = await left();
    found = await Promise.all(ORDERS.map(left));
  } catch (error) {
    // A source without profiles, or a broken one: `check` tells of that.
    if (error instanceof Error && error.name === "ExportError") return { mapping, unsure: [] };
    throw error;
  }
  const unsure: string[] = [];
  const ordered = fields.map((field): FieldMapping => {
    if (!isDate(field) || !("field" in field)) return field;
    const title = field.field;
    const counts = found.map((each) => each.get(title) ?? 0);
    const least = Math.min(...counts);
    // What is understood without an order, ISO 8601, needs none.
    if (least >= (without.get(title) ?? 0)) return field;
    const best = ORDERS.filter((_, index) => counts[index] === least);
    const [dateOrder] = best;
    if (best.length === 1 && dateOrder !== undefined) return { ...field, dateOrder };
    unsure.push(title);
    return field;
  });
  return { mapping: { ...mapping, fields: ordered }, unsure };
}
