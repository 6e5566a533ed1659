import { expect, onTestFinished, test } from "vitest";
import type { GroupCommand } from "../../groups/commands.ts";
import { DeliveryServiceWorld, everyone, id, owners } from "../../../test/helpers/delivery-service.ts";
import { Retention } from "./retention.ts";

test("GR-66 each round has every group's log looked at, whoever waits, and the devices that nobody has seen for long", async () => {
  const made = new DeliveryServiceWorld();
  made.online("a1", owners.alice);
  made.create("a1", owners.alice, "g", everyone, "open");
  const [asked, posted] = [record(), record()];
  const retention = new Retention({
    state: () => made.state,
    // By the wall clock these devices were last seen in 1970.
    settings: made.state.settings,
    ask: (command) => asked.take(command),
    post: (command) => posted.take(command),
    every: 1,
  });
  onTestFinished(() => retention.stop());
  // A second round comes behind the first.
  await Promise.all([asked.reach(4), posted.reach(4)]);
  retention.stop();
  const looks = [{ kind: "look-at-devices", devices: [id("a1")] }, { kind: "forget-waiting" }];
  expect(asked.commands.slice(0, 4)).toEqual([...looks, ...looks]);
  const forgets = ["messages", "commits"].map((what) => ({ kind: "forget-old", group: id("g"), what }));
  expect(posted.commands.slice(0, 4)).toEqual([...forgets, ...forgets]);
});

function record() {
  const commands: GroupCommand[] = [];
  let wake = Promise.withResolvers<void>();
  return {
    commands,
    take(command: GroupCommand): void {
      commands.push(command);
      wake.resolve();
    },
    async reach(count: number): Promise<void> {
      while (commands.length < count) {
        await wake.promise;
        wake = Promise.withResolvers();
      }
    },
  };
}
