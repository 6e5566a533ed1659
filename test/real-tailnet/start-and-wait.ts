/** Starts a tailnet with a node, tells by which prefix to know it, and waits to be ended: for tests of what is left then. */
import { startTailnet } from "./tailnet.ts";

const tailnet = await startTailnet();
await tailnet.join("node", { user: "somebody" });
console.log(tailnet.network.prefix);
setInterval(() => {}, 60_000);
