// Puts the files of the admin page, and the core that it reads samples with, where wrangler takes them from.
import { cpSync } from "node:fs";
import { fileURLToPath } from "node:url";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const core = import.meta.resolve("activecampaign-export/core.wasm");

cpSync(fileURLToPath(new URL("./admin/", core)), here("./public/"), { recursive: true });
cpSync(fileURLToPath(core), here("./public/assets/core_bg.wasm"));
