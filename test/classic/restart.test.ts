import { afterEach, beforeEach, expect, onTestFinished, test } from "vitest";
import type { Outcome } from "../../src/client/index.ts";
import { openSqliteStore } from "../../src/store/sqlite/store.ts";
import { record, type Recorder } from "../client/recorder.ts";
import { startTestServer, type TestServer } from "../helpers/server.ts";
import { scratchDirectory, type Scratch } from "../store/scratch.ts";

const WRITERS = 5;
const RESTARTS = 3;
/** How many of each must have been acknowledged since the last restart before the next. */
const PROGRESS = 6;

let scratch: Scratch;
beforeEach(() => void (scratch = scratchDirectory()));
afterEach(() => scratch.remove());

/** What was acknowledged, so what must be there in the end. */
interface Acknowledged {
  readonly bans: string[];
  readonly names: string[];
  readonly messages: string[];
}

test("SC-46 over restarts under load nothing is lost that was acknowledged, nothing comes twice, and everybody comes back", async () => {
  let server = await start(0);
  onTestFinished(() => server.stop());
  const { port } = server;
  const acknowledged: Acknowledged = { bans: [], names: [], messages: [] };
  const enough = new AbortController();
  const reader = join("reader", port);
  const boss = join("boss", port);
  const writers = Array.from({ length: WRITERS }, (_, number) => join(`writer-${number}`, port));
  await reader.client.online();
  const load = Promise.all([
    repeat(boss, (number) => ban(boss, `troll-${number}`, acknowledged)),
    repeat(boss, (number) => claim(`guest-${number}`, port, acknowledged)),
    ...writers.map((writer) => repeat(writer, (number) => write(writer, number, acknowledged))),
  ]);
  for (let restart = 0; restart < RESTARTS; restart++) {
    await progress(boss, acknowledged);
    await server.stop();
    server = await start(port);
  }
  await progress(boss, acknowledged);
  enough.abort();
  await load;

  const clients = [reader, boss, ...writers];
  await Promise.all(clients.map(({ client }) => client.online()));
  expect(clients.map(({ client }) => client.state.kind)).toEqual(clients.map(() => "online"));
  const bans = await boss.client.listBans();
  expect(bans).toEqual({ kind: "answered", value: expect.arrayContaining(acknowledged.bans) });
  expect(await writers[0]?.client.send("reader", "the end")).toEqual({ kind: "taken" });
  await reader.hears((event) => event.kind === "message" && event.text === "the end");
  const heard = reader.events.flatMap((event) => (event.kind === "message" ? [event.text] : []));
  expect(new Set(heard).size).toBe(heard.length);
  expect(heard).toEqual(expect.arrayContaining(acknowledged.messages));
  await Promise.all(clients.map(({ client }) => client.close()));
  await server.stop();
  const store = await openSqliteStore(scratch.path);
  const { claims } = await store.load();
  await store.close();
  expect(claims.map(({ name }) => name)).toEqual(expect.arrayContaining(acknowledged.names));

  /** One after another, as fast as they are answered, while the client is online. */
  async function repeat({ client }: Recorder, act: (number: number) => Promise<void>): Promise<void> {
    for (let number = 0; !enough.signal.aborted; number++) {
      await client.online();
      await act(number);
    }
  }
});

async function start(port: number): Promise<TestServer> {
  const store = await openSqliteStore(scratch.path);
  return startTestServer({ store, config: { port, operators: ["boss"], messageRate: 0 } });
}

function join(id: string, port: number): Recorder {
  return record({ server: { host: "127.0.0.1", port }, id, reconnect: "always" });
}

async function ban({ client }: Recorder, id: string, { bans }: Acknowledged): Promise<void> {
  if (isTaken(await client.ban(id))) bans.push(id);
}

/** A guest comes and goes; the name stays claimed. */
async function claim(id: string, port: number, { names }: Acknowledged): Promise<void> {
  await using guest = record({ server: { host: "127.0.0.1", port }, id, reconnect: "never" });
  if ((await guest.client.online()).kind === "online") names.push(id);
}

async function write({ client }: Recorder, number: number, { messages }: Acknowledged): Promise<void> {
  const text = `${client.id} ${number}`;
  if (isTaken(await client.send("reader", text))) messages.push(text);
}

function isTaken(outcome: Outcome): boolean {
  return outcome.kind === "taken";
}

/** Resolves when there is so much more of everything. Looks whenever the boss has been answered. */
async function progress({ client }: Recorder, acknowledged: Acknowledged): Promise<void> {
  const counts = () => Object.values(acknowledged).map(({ length }) => length);
  const wanted = counts().map((count) => count + PROGRESS);
  while (counts().some((count, which) => count < (wanted[which] ?? 0))) {
    await client.online();
    await client.list();
  }
}
