// A service in a process of its own, to be killed: its state lies in a folder, its address is printed.
import { serviceEdge } from "./service-edge.mjs";

const { sandbox, folder, ...more } = JSON.parse(process.argv[2]);
const { miniflare } = await serviceEdge(sandbox, { ...more, host: "127.0.0.1", port: 0, durableObjectsPersist: `${folder}/objects`, r2Persist: `${folder}/buckets` });
console.log(String(await miniflare.ready));
