import { parseArgs } from "node:util";
import { allPoints } from "./fault-points/all-points.ts";
import { devicesSoak } from "./server-soak/devices-soak.ts";
import { serverSoak } from "./server-soak/server-soak.ts";
import { soak } from "./soak.ts";

/**
 * `npm run soak -- --seeds 100 --first 1 --steps 200 [--server]`: each seed's figures on a line; the first that fails ends it. With
 * `--server` through the real server, else on an ideal log. `--devices` five people with three devices each, which are added, removed and copied;
 * people are kicked, banned, and begin anew; the server is restored. `--faults [--stride 7]`: instead of random operations one conversation, once
 * for each statement of the stores at which somebody may end or fail.
 */
const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "100" },
    first: { type: "string", default: "1" },
    steps: { type: "string", default: "200" },
    server: { type: "boolean", default: false },
    devices: { type: "boolean", default: false },
    faults: { type: "boolean", default: false },
    stride: { type: "string", default: "1" },
  },
});
const first = Number(values.first);
if (values.faults) {
  console.log(JSON.stringify(await allPoints(first, Number(values.stride))));
  // Servers that have died wait for their stores for ever.
  process.exit(0);
}
for (let seed = first; seed < first + Number(values.seeds); seed += 1) {
  const begun = Date.now();
  const figures = await run(seed, Number(values.steps));
  console.log(`seed ${seed} ${Date.now() - begun} ms ${JSON.stringify(figures)}`);
}

async function run(seed: number, steps: number): Promise<object> {
  if (values.devices) return await devicesSoak(seed, steps, { persons: 5, devices: 3 });
  return await (values.server ? serverSoak : soak)(seed, steps);
}
