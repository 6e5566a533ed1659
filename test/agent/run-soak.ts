import { parseArgs } from "node:util";
import { serverSoak } from "./server-soak/server-soak.ts";
import { soak } from "./soak.ts";

/**
 * `npm run soak -- --seeds 100 --first 1 --steps 200 [--server]`: each seed's figures on a line; the first that fails ends it. With
 * `--server` through the real server, else on an ideal log.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    first: { type: "string", default: "1" },
    steps: { type: "string", default: "200" },
    server: { type: "boolean", default: false },
  },
});
const first = Number(values.first);
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const begun = Date.now();
  const figures = await (values.server ? serverSoak : soak)(seed, Number(values.steps));
  console.log(`seed ${seed} ${Date.now() - begun} ms ${JSON.stringify(figures)}`);
}
