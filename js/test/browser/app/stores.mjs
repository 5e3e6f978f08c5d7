// The suite of stores on a page: an owner that looks dead is one whose tab is gone, which takes its lock along, or one
// whose lease has expired where there are no locks.
import { indexedDbStore } from "activecampaign-export";
import { runChecks, storeSuite } from "../../kit/stores.js";

const EXPIRED_MILLIS = 151_000;

async function all(rejections) {
  const told = [];
  for await (const rejection of rejections) told.push(rejection);
  return told;
}

const underTest = {
  name: navigator.locks ? "indexedDbStore" : "indexedDbStore without locks",
  async fresh() {
    const name = crypto.getRandomValues(new Uint32Array(4)).join("-");
    let time = 1_000_000;
    const open = (options = {}) => indexedDbStore(name, { ...options, now: () => time });
    return {
      open: async (options) => open(options),
      async expire() {
        if (navigator.locks) await navigator.locks.request(`activecampaign-export ${name}`, { steal: true }, () => undefined);
        else time += EXPIRED_MILLIS;
      },
      rejections: () => all(open().rejections()),
      close: async () => undefined,
    };
  },
};

globalThis.outcomes = runChecks(storeSuite(underTest));
