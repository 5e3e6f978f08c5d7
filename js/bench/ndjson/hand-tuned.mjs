// Several lines become one array by their line ends alone, which JSON never holds inside a text: one call of the
// parser instead of one a line. 16 KiB at a time, because the objects of a whole chunk are more than a cache holds.
import { contactsTo, UNICODE } from "../hand-tuned.mjs";
import { takeObject } from "../objects/hand-tuned.mjs";
import { eachChunk } from "../source.mjs";

const PIECE = 16 * 1024;

export async function run(path, sink) {
  const contacts = contactsTo(sink, UNICODE);
  eachChunk(path, UNICODE.decode, (text) => {
    for (let at = 0; at < text.length; ) {
      let end = text.indexOf("\n", at + PIECE);
      if (end === -1) end = text.endsWith("\n") ? text.length - 1 : text.length;
      for (const object of JSON.parse(`[${text.slice(at, end).replaceAll("\n", ",")}]`)) takeObject(contacts, object);
      at = end + 1;
    }
  });
  contacts.end();
}
