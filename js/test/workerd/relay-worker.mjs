// A relay as a worker, before a sandbox on this machine.
import { createRelay } from "activecampaign-export/relay";

export default {
  fetch(request, { HOST, KEY, SANDBOX, TOKEN }) {
    const relay = createRelay({
      accounts: { main: { host: HOST, apiKey: KEY, sandbox: SANDBOX } },
      authenticate: ({ headers }) => headers.get("authorization") === TOKEN,
    });
    return relay.fetch(request);
  },
};
