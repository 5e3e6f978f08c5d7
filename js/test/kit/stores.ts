/** The suite of stores together with what runs it, as one bundle. */
export { runChecks } from "../checks.js";
export { storeSuite } from "../store-suite.js";
