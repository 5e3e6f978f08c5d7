// The service on Cloudflare: connections, exports, schedules and runs, with roles. README.md says how to deploy.
import { AccountObject, ExportObject, oidc, serviceWorker } from "activecampaign-export/cloudflare/service";

// TEAM and AUDIENCE are variables in wrangler.jsonc: with them, Cloudflare Access says who calls. SANDBOX is there in
// rehearsals only.
const { ServiceObject, worker } = serviceWorker(({ TEAM, AUDIENCE, SANDBOX }) => {
  const issuer = `https://${TEAM}.cloudflareaccess.com`;
  const authenticate = TEAM && oidc({ issuer, audience: AUDIENCE, jwksUrl: `${issuer}/cdn-cgi/access/certs`, header: "cf-access-jwt-assertion" });
  return { ...(authenticate ? { authenticate } : {}), sandbox: SANDBOX };
});

// The classes that wrangler.jsonc names.
export { AccountObject, ExportObject, ServiceObject };

export default worker;
