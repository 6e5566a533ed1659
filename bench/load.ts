/** The load: a process with all the clients in it. It does what it is ordered, one order at a time, and answers each. */
import { gather, scatter, type Crowd } from "./load/crowd.ts";
import { bystand } from "./load/bystand.ts";
import { pace } from "./load/pace.ts";
import { saturate } from "./load/saturate.ts";
import { visit } from "./load/visit.ts";
import type { Answers, Order } from "./orders.ts";

const crowds = new Map<string, Crowd>();

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
  }
}

function crowdNamed(name: string): Crowd {
  const crowd = crowds.get(name);
  if (crowd === undefined) throw new Error(`there is no crowd ${name}`);
  return crowd;
}
