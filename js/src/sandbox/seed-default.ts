import type { Seed } from "./seed.js";

/** The account that a sandbox starts with: invented people, every field type, every state a contact can be in. */
export function defaultSeed(): Seed {
  return {
    contactLimit: 2_000_000,
    lists: [
      { id: 1, name: "Newsletter" },
      { id: 2, name: "Customers" },
      { id: 4, name: "Gold customers" },
      { id: 5, name: "Event guests" },
      { id: 9, name: "Trial users" },
    ],
    fields: [
      { id: 1, title: "Loyalty points", type: "number", perstag: "LOYALTY_POINTS" },
      { id: 2, title: "Loyalty tier", type: "dropdown", perstag: "LOYALTY_TIER", options: ["low", "medium", "high"] },
      { id: 3, title: "Birthday", type: "date", perstag: "BIRTHDAY" },
      { id: 4, title: "Customer since", type: "date", perstag: "CUSTOMER_SINCE" },
      { id: 5, title: "Interests", type: "checkbox", perstag: "INTERESTS", options: ["sports", "music", "travel", "cooking"] },
      { id: 6, title: "City", type: "text", perstag: "CITY" },
      { id: 7, title: "Notes", type: "textarea", perstag: "NOTES" },
      { id: 8, title: "Last order", type: "datetime", perstag: "LAST_ORDER" },
      { id: 10, title: "Preferred channel", type: "radio", perstag: "PREFERRED_CHANNEL", options: ["e-mail", "phone", "post"] },
      { id: 11, title: "Shops visited", type: "listbox", perstag: "SHOPS_VISITED", options: ["Berlin", "Lyon", "Porto"], lists: [2, 4] },
      { id: 12, title: "Customer number", type: "hidden", perstag: "CUSTOMER_NUMBER" },
    ],
    tags: ["imported", "vip", "spring 2026"],
    contacts: [
      {
        id: 1, email: "ada.active@example.com", firstName: "Ada", lastName: "Active", phone: "+491700000001",
        fields: { "1": "120", "2": "medium", "3": "1990-04-12", "6": "Berlin" }, tags: ["vip"], lists: { "1": "active", "2": "active" },
      },
      {
        id: 2, email: "ben.both@example.com", firstName: "Ben", lastName: "Both", account: "Example Ltd",
        fields: { "1": "15", "5": "||sports||music||" }, lists: { "1": "active", "2": "unsubscribed" },
      },
      { id: 3, email: "una.unsubscribed@example.com", firstName: "Una", lastName: "Unsubscribed", lists: { "1": "unsubscribed" } },
      { id: 4, email: "bo.bounced@example.com", firstName: "Bo", lastName: "Bounced", lists: { "1": "bounced" }, bounced: true },
      { id: 5, email: "uli.unconfirmed@example.com", firstName: "Uli", lastName: "Unconfirmed", lists: { "5": "unconfirmed" } },
      { id: 7, email: "gil.gold@example.com", firstName: "Gil", lastName: "Gold", fields: { "2": "high" }, lists: { "2": "active", "4": "active" } },
    ],
    exclusions: [
      { phrase: "excluded@example.com", match: "exact" },
      { phrase: "@blocked.example", match: "end" },
    ],
    bounced: ["gone@example.com"],
  };
}
