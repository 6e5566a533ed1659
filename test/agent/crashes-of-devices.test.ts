import { afterEach, beforeEach, expect, test } from "vitest";
import { AgentStoreError } from "../../src/agent/storage/errors.ts";
import type { AgentStore } from "../../src/agent/storage/ports.ts";
import { answered, chatWorld } from "./served-chats.ts";
import type { ChatWorld, ServedChat } from "./served-chats.ts";

let world: ChatWorld;
beforeEach(async () => {
  world = await chatWorld();
});
afterEach(async () => {
  await world.end();
});

/** Before and behind each of the commits by which a device becomes its person's, and the first ones as that. */
const MOMENTS = [1, 2, 3, 4].flatMap((commit) => (["before", "behind"] as const).map((where) => ({ commit, where })));

test("AD-5 a new device that is killed before or behind any of its first commits is confirmed in the end, as one device", async () => {
  const [laptop] = await world.arrive("alice");
  if (laptop === undefined) throw new Error("one was to come");
  for (const [index, moment] of MOMENTS.entries()) {
    const phone = world.make("alice", { deviceLabel: `phone ${index}` }, killedAt(moment));
    await confirmedOrDead(laptop, phone, moment);
    await phone.stop();
    phone.start();
    await confirmedOrDead(laptop, phone);
    await world.until(() => phone.chat.standing.kind === "confirmed" && phone.chat.state.kind === "online");
    expect(await phone.chat.ownNumber()).toEqual(await laptop.chat.ownNumber());
    const devices = answered(await laptop.chat.devices());
    expect(devices.filter(({ label }) => label === `phone ${index}`).length).toBe(1);
    expect(devices.filter(({ status }) => status === "pending")).toEqual([]);
    await laptop.chat.removeDevices(devices.filter(({ isThis }) => !isThis).map(({ id }) => id));
    await world.until(() => phone.chat.standing.kind === "removed");
    await phone.stop();
  }
}, 120_000);

test("AD-8 an inviting device that is killed before or behind any commit of its confirming still confirms, and one device only", async () => {
  for (const moment of MOMENTS.slice(0, 6)) {
    const name = `alice${moment.commit}${moment.where}`;
    const laptop = world.make(name);
    await laptop.chat.online();
    await laptop.runtime.settled();
    const { token } = answered(await laptop.chat.inviteDevice(60));
    await laptop.stop();
    const [first, second] = ["first", "second"].map((deviceLabel) => world.make(name, { deviceLabel, token }));
    if (first === undefined || second === undefined) throw new Error("two were made");
    await world.until(() => [first, second].every(({ chat }) => chat.standing.kind === "pending"));
    laptop.start(killedAt(moment));
    const isDead = () => deaths.has(moment);
    const isDone = () => [first, second].some(({ chat }) => chat.standing.kind === "confirmed");
    await world.until(() => isDead() || isDone());
    await laptop.stop();
    laptop.start();
    await world.until(isDone);
    await laptop.runtime.settled();
    await world.until(async () => (await laptop.store.load()).invitations.length === 0);
    expect([first, second].filter(({ chat }) => chat.standing.kind === "confirmed").length).toBe(1);
    for (const device of [first, second, laptop]) await device.stop();
  }
}, 120_000);

const deaths = new Set<unknown>();

/** A store that is gone from its n-th commit on, which it has done or not. */
function killedAt(moment: (typeof MOMENTS)[number]): (store: AgentStore) => AgentStore {
  return (store) => {
    let commits = 0;
    let isDead = false;
    const alive = async <T>(work: () => Promise<T>): Promise<T> => {
      if (isDead) throw killed();
      return await work();
    };
    const die = () => {
      isDead = true;
      deaths.add(moment);
      return killed();
    };
    return {
      ...store,
      load: async () => await alive(async () => await store.load()),
      raiseCounter: async () => await alive(async () => await store.raiseCounter()),
      commit: async (changes) =>
        await alive(async () => {
          if (changes.length === 0) return;
          commits += 1;
          if (commits === moment.commit && moment.where === "before") throw die();
          await store.commit(changes);
          if (commits === moment.commit) throw die();
        }),
    };
  };
}

function killed(): AgentStoreError {
  return new AgentStoreError("failed", "killed");
}

/** The phone's person does what there is to do. */
async function confirmedOrDead(laptop: ServedChat, phone: ServedChat, moment: unknown = null): Promise<void> {
  await world.until(async () => {
    const { standing, state } = phone.chat;
    if (standing.kind === "pending") await laptop.chat.confirmDevice(standing.code ?? "");
    return standing.kind === "confirmed" || state.kind === "ended" || deaths.has(moment);
  });
}
