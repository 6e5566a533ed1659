/**
 * Waits until the process that started it has ended, in whatever way, or has had enough, and clears away what bears the
 * prefix that is its argument: a killed test can't do that itself.
 */
import { sweep } from "./network.ts";

const prefix = process.argv[2];
if (prefix === undefined) throw new Error("undertaker PREFIX");

process.stdin.on("close", () => sweep(prefix));
process.stdin.resume();
