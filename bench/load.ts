/** The load: a process with all the clients in it. It does what it is ordered, one order at a time, and answers each. */
import { gather, scatter, type Crowd } from "./load/crowd.ts";
import { bystand } from "./load/bystand.ts";
import { pace } from "./load/pace.ts";
import { saturate } from "./load/saturate.ts";
import { visit } from "./load/visit.ts";
import { gatherBare, gatherDevices, scatterDevices, write, type DeviceCrowd } from "./sealed/crowd.ts";
import { commits } from "./sealed/commits-load.ts";
import { storm } from "./sealed/storm-load.ts";
import type { Answers, Order } from "./orders.ts";

const crowds = new Map<string, Crowd>();
const deviceCrowds = new Map<string, DeviceCrowd>();

process.on("message", (order: Order) => {
  obey(order).then(
    (answer) => process.send?.({ answer }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
// Without whoever started it, nobody would end it.
process.on("disconnect", () => process.exit());

async function obey(order: Order): Promise<Answers[Order["kind"]]> {
  switch (order.kind) {
    case "gather":
      crowds.set(order.crowd, await gather(order));
      return null;
    case "saturate":
      return saturate(crowdNamed(order.crowd), order);
    case "pace":
      return pace(crowdNamed(order.crowd), order);
    case "bystand":
      return bystand(crowdNamed(order.crowd), order);
    case "visit":
      return visit(order);
    case "scatter":
      await scatter(crowdNamed(order.crowd));
      crowds.delete(order.crowd);
      return null;
    case "gather-devices": {
      const crowd = await gatherDevices(order);
      deviceCrowds.set(order.crowd, crowd);
      return crowd.writers[0]?.room.sealed.length ?? 0;
    }
    case "gather-bare":
      deviceCrowds.set(order.crowd, await gatherBare(order));
      return null;
    case "write":
      return write(devicesNamed(order.crowd), order);
    case "storm":
      return await storm(order);
    case "commits":
      return await commits(order);
    case "scatter-devices":
      await scatterDevices(devicesNamed(order.crowd));
      deviceCrowds.delete(order.crowd);
      return null;
  }
}

function devicesNamed(name: string): DeviceCrowd {
  const crowd = deviceCrowds.get(name);
  if (crowd === undefined) throw new Error(`there are no devices ${name}`);
  return crowd;
}

function crowdNamed(name: string): Crowd {
  const crowd = crowds.get(name);
  if (crowd === undefined) throw new Error(`there is no crowd ${name}`);
  return crowd;
}
