import { parseArgs } from "node:util";
import { soak } from "./soak.ts";

/** `npm run soak -- --seeds 100 --first 1 --steps 200`: each seed's figures on a line; the first that fails ends it. */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    first: { type: "string", default: "1" },
    steps: { type: "string", default: "200" },
  },
});
const first = Number(values.first);
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const begun = Date.now();
  const figures = await soak(seed, Number(values.steps));
  console.log(`seed ${seed} ${Date.now() - begun} ms ${JSON.stringify(figures)}`);
}
