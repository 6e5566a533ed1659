import { toText } from "../../../src/agent/delivery/base64url.ts";
import { logEntryOf } from "../../../src/agent/delivery/entries.ts";
import type { LogEntry } from "../../../src/agent/group-sessions/ports.ts";
import { hex } from "../../../src/agent/storage/hex.ts";
import { decodeEntry } from "../../../src/groups/log-entry.ts";
import { groupLog } from "../../../src/groups/logs.ts";
import type { SoakDevice } from "../server-soak/soak-device.ts";
import { checkSoak, type CheckedDevice } from "../soak-checks.ts";
import type { CrashingServer } from "./crashing-server.ts";

export interface Said {
  readonly by: string;
  readonly text: string;
  /** By which it was acknowledged; null: nobody lived to hear that. */
  id: Uint8Array | null;
}

export interface Told {
  readonly server: CrashingServer;
  readonly conversation: string;
  readonly devices: readonly SoakDevice[];
  /** In this order. */
  readonly said: readonly Said[];
  /** Who was in it in each epoch. */
  readonly rosters: readonly (readonly string[])[];
}

/**
 * Holds what each device and the server's store have of a conversation against what was said, and when who was in it, by the checks of the
 * soaks. Besides: the log has no commit more than was meant, each text once, in the order in which they were said.
 */
export async function checkConversation({ server, conversation, devices, said, rosters }: Told): Promise<void> {
  const checked = new Map<string, CheckedDevice>();
  for (const device of devices) checked.set(device.name, await checkedDevice(device, conversation));
  const first = await (await devices[0]?.runtime.session(conversation))?.look();
  if (first === undefined) throw new Error(`nobody is in ${conversation}`);
  const { id: group } = first.row;
  const entries = entriesOf(server, group);
  const commits = entries.filter(({ kind }) => kind === "commit").length;
  const ofWhom = new Map([...checked.values()].map(({ id, who }) => [hex(id), who]));
  if (commits !== rosters.length - 1) {
    const told = entries.map(
      ({ number, kind, device, epoch }) => `${number} ${kind} of ${ofWhom.get(hex(device))} in ${epoch}`,
    );
    throw new Error(`${commits} commits in ${conversation}: ${told.join(", ")}`);
  }
  const ids = rosters.map((names) => new Set(names.map((name) => hex(checked.get(name)?.id ?? new Uint8Array()))));
  const texts = await devices[0]?.texts(conversation);
  const written = said.map(({ by, text, id }) => {
    const [device, messageId] = [checked.get(by), id ?? texts?.get(text)];
    if (device === undefined || messageId === undefined) throw new Error(`"${text}" of ${by} is lost`);
    return { device, message: { messageId, text } };
  });
  const inLog = entries.flatMap(({ kind, messageId }) => (kind === "message" ? [hex(messageId)] : []));
  const inOrder = written.map(({ message }) => hex(message.messageId));
  if (inLog.join() !== inOrder.join())
    throw new Error(`the log of ${conversation} has ${inLog.length} messages of ${inOrder.length}`);
  await checkSoak({
    group,
    devices: [...checked.values()],
    written,
    log: { entries: () => entries, roster: (_, epoch) => ids[epoch] ?? new Set() },
  });
}

async function checkedDevice(device: SoakDevice, conversation: string): Promise<CheckedDevice> {
  const { name, runtime } = device;
  const [self, session] = [await runtime.self(), await runtime.session(conversation)];
  if (self === null || session === null) throw new Error(`${name} isn't in ${conversation}`);
  return {
    id: self.device.id,
    who: name,
    session: () => session,
    history: async () => await device.history(conversation),
  };
}

/** As the server's store has them. */
function entriesOf(server: CrashingServer, group: Uint8Array): readonly LogEntry[] {
  const range = { log: groupLog(toText(group)), after: 0, limit: 1_000, bytes: Number.MAX_SAFE_INTEGER };
  return server
    .database()
    .read(range)
    .map(({ body }) => {
      const { bytes, ...entry } = decodeEntry(body);
      return logEntryOf({ ...entry, bytes });
    });
}
