/** Who has signed in. */
import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Problem } from "./api.js";
import type { Role } from "../../src/service/documents.js";

export interface Me {
  id: string;
  role: Role;
  /** Most profiles of one export. */
  maxProfiles: number;
  /** The sandbox that stands in for every account; absent where it sends to live ones. */
  sandbox?: string;
  privacyStatement: { version: string; text: string; url?: string };
}

/** Whoever calls, as far as that is known; `unknown`: nobody, or nobody any more. */
export type Caller = Me | "unknown" | Problem | undefined;

export const MeContext = createContext<Me | undefined>(undefined);

export function useMe(): Me {
  const me = useContext(MeContext);
  if (!me) throw new Error("nobody has signed in");
  return me;
}
