// Puts the file of SQLite to the suite, in a Node that has one: `node sqlite-stores.mjs PACKAGE BUNDLE` prints what became
// of each check as JSON.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { databases } from "../hosts/app/databases.mjs";

const [, , installed, bundled] = process.argv;
const { sqliteStore } = await import(pathToFileURL(join(installed, "dist", "entry", "node.js")).href);
const { clockedPlace, runChecks, storeSuite } = await import(pathToFileURL(bundled).href);
console.log(JSON.stringify(await runChecks(storeSuite(databases(sqliteStore, clockedPlace)))));
