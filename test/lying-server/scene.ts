import { join } from "node:path";
import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Content } from "../../src/agent/content/content.ts";
import type { SigningKey } from "../../src/mls/identity/ed25519.ts";
import type { Who } from "../../src/mls/identity/who.ts";
import { explainHold } from "../../src/view/explain.ts";
import type { Entry } from "../../src/wire/frames/groups.ts";
import { endWithoutFailures } from "../agent/no-failures.ts";
import { chatWorld } from "../agent/served-chats.ts";
import type { ChatWorld, ServedChat } from "../agent/served-chats.ts";
import { ghostIn } from "./ghost.ts";
import type { Ghost } from "./ghost.ts";
import { falseLogs } from "./logs.ts";
import type { FalseLogs } from "./logs.ts";
import { startLyingServer } from "./lying-server.ts";
import type { Lies, LyingServer, Victim } from "./lying-server.ts";
import type { Told } from "./shown-log.ts";

const page = readFileSync(join(import.meta.dirname, "../../docs/a-server-that-lies.md"), "utf8");

type Rewrite = (victim: Victim, real: Entry) => readonly Told[];
const TRUTH: Rewrite = (_, real) => [real];
/** A ghost in somebody's log: what it says there is told to them alone. */
interface GhostThere {
  says(content: Content): void;
}
type Lie = (victim: Victim, real: Entry, nth: number) => readonly Told[];

/** The real server, a liar in front of it, and people who know only the liar. Until it is told otherwise it says the truth. */
export interface LyingScene {
  readonly world: ChatWorld;
  readonly liar: LyingServer;
  readonly logs: FalseLogs;
  arrive(name: string): ServedChat;
  /** They are in #everyone, and each has seen the others. */
  gather(...names: readonly string[]): Promise<readonly ServedChat[]>;
  two(): Promise<readonly [ServedChat, ServedChat]>;
  /** What each is told of each entry from now on. */
  rewrite(how: Rewrite): void;
  /** `nth`: how many messages of others this victim was told since the lie began, with this one. */
  lieAboutMessages(lie: Lie): void;
  /** Tells these lies besides those about logs: what they leave as it is goes through those. */
  lie(lies: Lies): void;
  /** In that person's log of #everyone alone, a device of that name comes in. */
  ghost(person: ServedChat, identity: string, userKey?: SigningKey): Promise<GhostThere>;
  /** Their line in #everyone. */
  has(person: ServedChat, line: string): Promise<void>;
  end(): Promise<void>;
}

export async function lyingScene(): Promise<LyingScene> {
  const world = await chatWorld();
  const liar = await startLyingServer(() => world.port());
  const ghosts: Ghost[] = [];
  let rewrite = TRUTH;
  const logs = falseLogs((victim, _, real) => rewrite(victim, real));
  liar.tell(logs);
  const scene: LyingScene = {
    world,
    liar,
    logs,
    arrive: (name) => world.make(name, { server: { host: "127.0.0.1", port: liar.port } }),
    async gather(...names) {
      const people: ServedChat[] = [];
      // One after another: whoever comes first is the operator, whom the screen names as one.
      for (const name of names) {
        const person = scene.arrive(name);
        people.push(person);
        await person.chat.online();
        await person.runtime.settled();
      }
      await world.until(() => people.every((person) => readersOf(person) === names.join()));
      for (const person of people) await person.look("#everyone");
      return people;
    },
    async two() {
      const [alice, bob] = await scene.gather("alice", "bob");
      if (alice === undefined || bob === undefined) throw new Error("two were to come");
      return [alice, bob];
    },
    rewrite(how) {
      rewrite = how;
    },
    lieAboutMessages(lie) {
      const counts = new Map<Victim, number>();
      rewrite = (victim, real) => {
        if (real.kind !== "message" || real.device === victim.device) return [real];
        const nth = (counts.get(victim) ?? 0) + 1;
        counts.set(victim, nth);
        return lie(victim, real, nth);
      };
    },
    lie(lies) {
      liar.tell({
        request(victim, asked) {
          const next = lies.request?.(victim, asked) ?? asked;
          return "answer" in next ? next : (logs.request?.(victim, next) ?? next);
        },
        reply(victim, told, asked) {
          const body = logs.reply?.(victim, told, asked) ?? told.body;
          // The body is still one of that type.
          // oxlint-disable-next-line typescript/no-unsafe-type-assertion
          const answer = lies.reply?.(victim, { ...told, body } as typeof told, asked) ?? body;
          // No device tells what the liar was asked.
          world.lookAgain();
          return answer;
        },
        push: (victim, told) =>
          (logs.push?.(victim, told) ?? [told]).flatMap((one) => lies.push?.(victim, one) ?? [one]),
      });
    },
    async ghost(person, identity, userKey) {
      const self = await person.runtime.self();
      const now = await viewOf(person);
      const group = Buffer.from(now?.row.id ?? []).toString("base64url");
      const info = logs.infos.get(group);
      if (self === null || info === undefined || now === undefined || now.epoch === null)
        throw new Error("it isn't in #everyone");
      const who: Who = { server: self.server, kind: "name", identity };
      const ghost = await ghostIn(info, { who, epoch: now.epoch, ...(userKey === undefined ? {} : { userKey }) });
      ghosts.push(ghost);
      const tell = (told: Told): void => {
        for (const victim of liar.victims) if (victim.name === person.name) logs.insert(victim, group, told);
      };
      tell(ghost.coming);
      return { says: (content) => tell(ghost.says(content)) };
    },
    async has(person, line) {
      await world.until(async () => (await person.lines("#everyone")).includes(line));
    },
    async end() {
      for (const ghost of ghosts) ghost.close();
      try {
        await endWithoutFailures(world);
      } finally {
        await liar[Symbol.asyncDispose]();
      }
    },
  };
  return scene;
}

export async function viewOf({ runtime }: ServedChat, conversation = "everyone") {
  return await (await runtime.session(conversation))?.look();
}

export async function membersOf(person: ServedChat, conversation = "everyone"): Promise<number> {
  return (await viewOf(person, conversation))?.members.length ?? 0;
}

export function readersOf({ chat }: ServedChat, words = "#everyone"): string {
  const room = chat.named(words);
  return room?.kind === "sealed-room" ? room.readers.join() : "";
}

/** What stands in #everyone, without who came in. */
export async function screen(person: ServedChat): Promise<readonly string[]> {
  return (await person.lines("#everyone")).filter((line) => !/came in|added/.test(line));
}

/** The page says so, too. */
export function said(text: string): void {
  expect(page).toContain(text);
}

export function holdsOf({ events }: ServedChat): readonly string[] {
  return events.flatMap((event) => (event.kind === "held" && event.hold !== null ? [explainHold(event.hold)] : []));
}

export function hex(bytes: Uint8Array | null | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}
