import { getCompileCacheDir } from "node:module";
import { dirname } from "node:path";

/** The environment of a thread: what this process keeps of compiled code its threads use, too, which Node doesn't see to by itself. */
export function threadEnvironment(): NodeJS.ProcessEnv {
  const cache = getCompileCacheDir();
  return cache === undefined ? process.env : { ...process.env, NODE_COMPILE_CACHE: dirname(cache) };
}
