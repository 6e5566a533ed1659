/**
 * `view`: view-models, without a framework and without a terminal: whatever a face of the chat shows is made here, as plain
 * values.
 */

import type { ConnectionEnd, Failure, Hold, Member, Refusal } from "../client/index.ts";
import { visibleLine, visibleName } from "../text/visible.ts";
import { REMOVED } from "./standing.ts";

/** Why a connection is over, in one line for the person who had it; `where` is the server as people write it. */
export function explainEnd(end: ConnectionEnd, where: string, me?: string): string {
  switch (end.kind) {
    case "left":
      return "Goodbye.";
    case "kicked":
      return `An operator kicked you${because(end.reason)}. You may come back.`;
    case "banned":
      return `An operator banned you${because(end.reason)}. Ask one of them to lift the ban.`;
    case "refused":
      return explainRefusal(end.error, me);
    case "unreachable":
      return unreachable(end.code, where);
    case "closed":
      return `${where} closed the connection.`;
    case "broken":
      return `The connection to ${where} broke (${end.code}).`;
    case "silent":
      return `${where} stopped answering.`;
    case "not-padserve":
      return `What answers at ${where} is not a Padserve server. Check the address and the port.`;
    case "oversized":
      return `${where} sent more at once than any message or answer is, so the connection was closed.`;
    case "agent":
      return visibleLine(end.text);
    case "forgotten":
      return `${where} has forgotten that you are registered.`;
  }
}

/** Why something asked of the server came to nothing, or may have. */
export function explainFailure(failure: Failure, where: string): string {
  switch (failure.kind) {
    case "refused":
      return explainRefusal(failure.error);
    case "unknown":
      return `${failure.why.kind === "left" ? "You left before the answer." : explainEnd(failure.why, where)} Whether the message arrived is unknown; it was not sent again.`;
    case "held":
      return explainHold(failure.hold);
    case "not-sent":
      return `Not sent: ${NOT_SENT[failure.why]}`;
  }
}

/** Why what is written waits. Of one's own other devices it is said apart: whoever reads it is whom others would be told to ask. */
export function explainHold({ kind, who, notSeen = [], compared = [], own = [] }: Hold): string {
  const others = who.filter((name) => !own.includes(name));
  const names = others
    .map((name) => `${visibleName(name)}${notSeen.includes(name) ? ` (${NOT_SEEN})` : ""}`)
    .join(", ");
  switch (kind) {
    case "new-readers":
      return `Not sent yet: new here, and would read it: ${names}.`;
    case "changed-key": {
      const which = compared.some((name) => others.includes(name)) ? "that you have compared" : "you know";
      const theirs = `Not sent: the key of ${names} is not the one ${which}. Ask them, by another way, whether they made a new one.`;
      const ours = "Not sent: another device of yours shows a key that this one doesn't have.";
      return [...(own.length > 0 ? [ours] : []), ...(others.length > 0 ? [theirs] : [])].join(" ");
    }
    case "remapped-name":
      return `Not sent: the name ${names} means somebody else now than it did. Ask them, by another way, who they are.`;
    case "removal-pending":
      return `Not sent yet: ${names} is to be removed from this room, and nobody has done so yet.`;
    case "removed-device":
      return `Not sent yet: ${own.length > 0 ? ["you", names].filter(Boolean).join(" and ") : names} removed a device, and that device is still in here, or in again: it would read this.`;
  }
}

/** Of people whom this machine's own Tailscale doesn't show: they may be shared in from another tailnet, or hidden by its policy. */
export const NOT_SEEN = "not seen in your tailnet";

/** What ends a hold. A changed key is accepted by its owner's name alone, so that nobody does it by habit. */
export function whatToDo(hold: Hold): string {
  return `${stepsFor(hold, "/devices", "")}${hold.kind === "new-readers" || hold.kind === "removal-pending" ? "" : " /delete takes back what waits."}`;
}

/**
 * The steps that end a hold of keys, names or devices, in a chat or for who is not in one.
 * @param list what lists one's own devices
 * @param where behind each command of the chat
 */
export function stepsFor({ kind, who, own = [] }: Hold, list: string, where: string): string {
  const self = own[0];
  const name = visibleName(who.find((one) => one !== self) ?? "NAME");
  const isOthers = who.some((one) => one !== self);
  switch (kind) {
    case "new-readers":
      return "/accept sends it to them, too; /delete takes it back.";
    case "changed-key": {
      const ours = `Look at your devices: ${list}. If you know the one that is new: /accept ${visibleName(self ?? "NAME")}${where} takes its key, where it was given to this device. Else remove it from one that you trust (pad devices remove), or begin anew on this one (pad devices new).`;
      const theirs = `When they have told you: /accept ${name}${where}. To be sure, compare: ${where === "" ? "/verify" : "pad verify"} ${name}.`;
      return [...(self === undefined ? [] : [ours]), ...(isOthers ? [theirs] : [])].join(" ");
    }
    case "remapped-name":
      return `When they have told you: /accept ${name}${where}.`;
    case "removal-pending":
      return "It goes out as soon as somebody has.";
    case "removed-device": {
      const again = isOthers ? `ask ${name}, by another way, to remove it once more` : "remove it once more";
      return `That ends as soon as the device is out. If it takes longer than a minute: ${again} (pad devices remove); nobody else can, and no /accept lets it read.`;
    }
  }
}

/** What it is worth to be called so; null: the tailnet vouches for it. */
export function explainWorth(name: string, kind: Member["kind"]): string | null {
  switch (kind) {
    case "person":
    case "machine":
      return null;
    case "address":
      return `The server knows you by your address alone: ${visibleLine(name)} is whoever has it.`;
    case "name":
      return `No tailnet vouches for names here: ${visibleLine(name)} is the key that this computer made, and others are whoever came first under theirs.`;
  }
}

function because(reason: string | undefined): string {
  return reason === undefined ? "" : ` (${visibleLine(reason)})`;
}

const NOT_SENT = {
  offline: "there is no connection to the server now.",
  ended: "there is no connection to the server now.",
  "invalid-recipient": "that is not a name.",
  "too-long": "that is too long for one message.",
  busy: "too much is waiting to be sent already. Wait a moment.",
  "sealed-only":
    "what you say to them is sealed, and this would not be. To let the server read it: /plain and their name.",
} as const;

/** Why the server said no. */
function explainRefusal(refusal: Refusal, me?: string): string {
  switch (refusal.reason) {
    case "name-taken":
      return "That name is taken: somebody is using it, or it belongs to somebody else. Choose another.";
    case "name-has-key":
      return "That name belongs to a device that seals, so nobody can use it without its key. Start pad chat with that device's folder, or choose another name.";
    case "too-many-names":
      return refusal.of === "local"
        ? "The users of the server's machine have all the names that they may have together. Use one that is yours; or, on that machine, padserve names release NAME frees one that nobody needs any more."
        : "You already have as many names as one person may have. Use one of them.";
    case "invalid-name":
      return "A name is 1 to 32 of A-Z a-z 0-9 . _ - and not ALL.";
    case "you-are-banned":
      return `You are banned from this server${because(refusal.because)}. Ask an operator to lift the ban.`;
    case "recipient-not-found":
      return "Nobody by that name is here. /who lists who is.";
    case "too-many-messages":
      return "Too many messages at once: this one was not delivered. Wait a moment.";
    case "not-operator":
      return "Only operators may do that.";
    case "operator-immune":
      return `An operator can't be ${refusal.action === "kick" ? "kicked" : "banned"}.`;
    case "target-not-found":
      return `${visibleLine(refusal.target)} is not here.`;
    case "not-banned":
      return `${visibleLine(refusal.target)} is not banned.`;
    case "server-full":
      return "The server is full, or you have too many connections to it.";
    case "not-a-member":
      return "The server's tailnet doesn't know this machine. Is Tailscale up here, in the same tailnet?";
    case "identity-unavailable":
      return "The server can't ask its Tailscale who you are. Try again later, or tell its administrator.";
    case "storage-failed":
      return "The server could not store it, so nothing happened. Tell its administrator.";
    case "own-disk-failed":
      return "This device's own disk could not keep it, so nothing happened. Is it full, or read-only? Look at it, then try again.";
    case "too-long":
      return "That is too long for one message.";
    case "timed-out":
      return "The server waited for this program too long. Try again.";
    case "too-slow":
      return "The server closed the connection, since what it said was read too slowly.";
    case "no-open-room":
      return "This server has no open room: write in a sealed one.";
    case "rolled-back":
      return "This device's data was copied, or comes from a backup, so it may not go on. Set it up again: pad devices reset";
    case "replaced":
      return "This device is connected from another program now.";
    case "device-removed":
      return REMOVED;
    case "device-not-confirmed":
      return otherKey(me);
    case "no-such-device":
      return "None of your devices is meant by that, and none that waits shows that code. List them: pad devices";
    case "device-confirmed":
      return "This device is confirmed already.";
    case "wrong-passphrase":
      return "That passphrase doesn't open the file.";
    case "room-name-taken":
      return "There is a room of that name already. Join it, or take another name.";
    case "room-name-reserved":
      return "ALL is the open room, which the server and everybody can read, and #everyone is there already: take another name.";
    case "no-such-room":
      return "There is no room of that name that you could join. Ask one of its people to invite you.";
    case "no-such-message":
      return "There is no such message of yours.";
    case "no-device":
      return "They have no device that can open what is sealed. They get one with: pad chat";
    case "own-user-only":
      return "Several users share this agent, and only the one that it runs as may do that.";
    case "not-met":
      return "This device has not met their key yet. It does when both of you are in a room, or one has written to the other.";
    case "other-number":
      return "That is not the number of the two of you. If it was read rightly, one of you has been given a key that isn't the other's: don't trust what you write there until you know why.";
    case "not-allowed":
      return "The room's rules don't allow that.";
    case "not-in-conversation":
      return "You are not in that conversation now: join it again (pad rooms join, /join), or ask to be invited.";
    case "conversation-ended":
      return "That conversation has ended here, so nothing more can be written in it.";
    case "device-returning":
      return "This device has taken the place of one that was copied or restored, and isn't back in that conversation yet. It is let in by itself as soon as another device there is online; until then nothing can be written.";
    case "unsupported":
      return "The server doesn't know that command.";
    case "not-understood":
      return `The server could not make sense of what this program sent, and says: ${visibleLine(refusal.text)}`;
    case "other":
      return `The server says: ${visibleLine(refusal.text)}`;
    case "own-device":
      return `This device says: ${visibleLine(refusal.text)}`;
  }
}

/** A name that was said is asked for; one that a program has chosen may be anybody's. */
function otherKey(me: string | undefined): string {
  const [name, said] = me === undefined ? ["That name", "NAME"] : [visibleName(me), visibleName(me)];
  return (
    `${name} has a key here that another device made. If it is yours: say so, by --as ${said} (in pad chat by the name itself), and confirm this device there. ` +
    `If it is somebody else's: choose another name. If this was one of its devices: pad devices new makes a new one of it.`
  );
}

function unreachable(code: string, where: string): string {
  switch (code) {
    case "ECONNREFUSED":
      return `Nobody listens at ${where}. Is the server running? (padserve serve)`;
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return `There is no machine called ${where}. Check the name, and that Tailscale is up here with MagicDNS.`;
    case "ETIMEDOUT":
    case "EHOSTUNREACH":
    case "ENETUNREACH":
      return `${where} can't be reached. Is Tailscale up, here and there? (tailscale status)`;
    default:
      return `${where} can't be reached (${code}).`;
  }
}
