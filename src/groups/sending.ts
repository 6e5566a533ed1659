import { get } from "../core/persistent-map.ts";
import type { SendMessage } from "./commands.ts";
import { refuse, reply, type Context, type Decision } from "./decision.ts";
import { encodeEntry, hashEntry } from "./log-entry.ts";
import { countedWith } from "./log-size.ts";
import { groupLog } from "./logs.ts";
import { activeMembers, isActive, openGroup } from "./members.ts";
import { pairKey, type State } from "./state.ts";

/**
 * A message is taken for the current epoch only, so that who reads the log in order can open all of it. A device counts its
 * messages in a group; the same counter with the same id is a retry and gets the first answer again, whatever has happened
 * since; with another id it shows that the device's state was copied or restored.
 */
export function decideSend(state: State, command: SendMessage, { at, sha256 }: Context): Decision {
  const found = openGroup(state, command.group);
  if ("refusal" in found) return found;
  const { group, head } = found;
  if (!isActive(group, command.device)) return refuse({ reason: "not-a-member-of-group" });

  const key = pairKey(command.group, command.device);
  const last = get(state.writers, key);
  if (last !== undefined && command.counter === last.counter && command.message === last.message) {
    return reply({ kind: "stored", number: last.number, at: last.at });
  }
  const expected = (last?.counter ?? 0) + 1;
  if (command.counter < expected) return refuse({ reason: "rolled-back" });
  if (command.counter > expected) return refuse({ reason: "gap", expected });
  if (command.epoch !== group.epoch) return refuse({ reason: "stale-epoch", epoch: group.epoch, head: head.number });
  if (command.bytes.length > state.settings.maxMessage) return refuse({ reason: "too-large" });

  const { device, epoch, counter, message, bytes } = command;
  const number = head.number + 1;
  const entry = hashEntry(head.hash, { kind: "message", number, at, device, epoch, counter, message, bytes }, sha256);
  return {
    rows: [
      {
        table: "head",
        key: command.group,
        value: { ...head, number, hash: entry.hash, at, counted: countedWith(head, entry) },
      },
      { table: "writer", key, value: { counter, message, number, at } },
    ],
    appends: [{ log: groupLog(command.group), number, body: encodeEntry(entry), lasting: false }],
    trims: [],
    pushes: [{ to: activeMembers(group), except: device, push: { kind: "entry", group: command.group, entry } }],
    reply: { kind: "stored", number, at },
  };
}
