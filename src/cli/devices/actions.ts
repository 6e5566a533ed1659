/** `cli/devices`: `pad devices`: a person's own devices, listed, confirmed, removed, invited, and taken along. */

import type { ProcessContext } from "../../args/command.ts";
import { EXIT, type ExitCode } from "../../args/exit-codes.ts";
import type { Device, Failure, Outcome, Removal, SealedChat } from "../../client/index.ts";
import type { ServerAddress } from "../../client/transport/index.ts";
import { visibleLine } from "../../text/visible.ts";
import { explainStanding } from "../../view/standing.ts";
import { explainEnd, explainFailure, type Explanation } from "../explain.ts";
import { isoTime, jsonLine } from "../sealed/message.ts";
import { standingInTheWay } from "../sealed/standing.ts";
import { passphrase, saysYes } from "./ask.ts";
import { chosen, deviceLine, deviceObject } from "./list.ts";
import type { DeviceAction } from "./read.ts";

interface Doing {
  readonly chat: SealedChat;
  readonly server: ServerAddress;
  readonly context: ProcessContext;
  readonly json: boolean;
  /** Nothing is asked. */
  readonly yes: boolean;
}

type Done = ExitCode | Explanation;

/** Does it, says what came of it, and gives the exit code; or why it came to nothing. */
export async function runDeviceAction(action: DeviceAction, doing: Doing): Promise<Done> {
  const { chat } = doing;
  const inTheWay = standingInTheWay(chat.standing);
  switch (action.kind) {
    case "list":
      return await list(doing);
    case "reset":
      return await reset(doing);
    case "new":
      return await begin(doing);
    case "import":
      return await take(action, doing);
    case "confirm":
      return inTheWay ?? (await confirm(action.code, doing));
    case "dismiss":
      return inTheWay ?? (await dismiss(action.device, doing));
    case "remove":
      return inTheWay ?? (await remove(action.devices, doing));
    case "invite":
      return inTheWay ?? (await invite(action.minutes, doing));
    case "number":
      return inTheWay ?? (await number(doing));
    case "export":
      return await give(action, doing);
  }
}

async function list({ chat, server, context, json }: Doing): Promise<Done> {
  const reply = await chat.devices();
  if (reply.kind !== "answered") return whyNot(reply, server);
  context.stdout.write(json ? jsonLine(reply.value.map(deviceObject)) : reply.value.map(deviceLine).join(""));
  const standing = explainStanding(chat.standing);
  if (standing !== null) context.stderr.write(`pad devices: ${standing}\n`);
  return EXIT.done;
}

async function confirm(code: string, doing: Doing): Promise<Done> {
  const { chat, server, context, json } = doing;
  const reply = await chat.confirmDevice(code);
  if (reply.kind === "refused" && reply.error.reason === "no-such-device")
    return { text: NO_SUCH_CODE, code: EXIT.refused };
  if (reply.kind !== "answered") return whyNot(reply, server);
  const { value } = reply;
  context.stdout.write(json ? jsonLine(deviceObject(value)) : `${called(value)} is one of your devices now.\n`);
  return EXIT.done;
}

const NO_SUCH_CODE =
  "No device of yours that waits shows that code. Those that wait: pad devices. One that isn't there is on another server, or not under your name, or has been confirmed or dismissed since.";

async function dismiss(words: string, doing: Doing): Promise<Done> {
  const all = await listed(doing);
  if (!Array.isArray(all)) return all;
  const waiting = all.filter(({ status }) => status === "pending");
  const found = chosen(waiting, words, "that wait");
  if (!("device" in found)) return found;
  const done = told(await doing.chat.dismissDevice(found.device.id), `${called(found.device)} waits no more.`, doing);
  if (done === EXIT.done) doing.context.stderr.write(`pad devices: ${MAY_ASK_AGAIN}\n`);
  return done;
}

const MAY_ASK_AGAIN = "Started again it may ask again. Nothing lets it in but a yes on one of your devices.";

async function remove(words: readonly string[], doing: Doing): Promise<Done> {
  const all = await listed(doing);
  if (!Array.isArray(all)) return all;
  const devices: Device[] = [];
  for (const one of words) {
    const found = chosen(
      all.filter(({ status }) => status === "confirmed"),
      one,
      "that are confirmed",
    );
    if (!("device" in found)) return found;
    devices.push(found.device);
  }
  if (devices.some(({ isThis }) => isThis)) {
    const isLast = all.every(({ isThis, status }) => isThis || status !== "confirmed");
    return {
      text: isLast ? LAST : "That is the device that you are at. Remove it from another one of yours.",
      code: EXIT.wrongUse,
    };
  }
  // Labels are chosen by whoever has the device, and two may have one.
  const exactly = devices.map((device) => (device.label === "" ? called(device) : `${called(device)} (${device.id})`));
  const question = `Remove ${exactly.join(", ")}? It reads nothing that is written from then on, and can't come back.`;
  if (!doing.yes && !(await saysYes(question, doing.context))) return nothingDone(doing.context);
  const reply = await doing.chat.removeDevices(devices.map(({ id }) => id));
  return reply.kind === "answered" ? outcomeOf(reply.value, { all, devices }, doing) : whyNot(reply, doing.server);
}

/** Who is out, or will be: those that were named, and what went with them. */
function outcomeOf(
  removal: Removal,
  { all, devices }: { readonly all: readonly Device[]; readonly devices: readonly Device[] },
  { context }: Doing,
): Done {
  const names = devices.map(called).join(", ");
  const others = removal.devices.filter((id) => devices.every((device) => device.id !== id));
  const otherNames = others.map((id) => called(all.find((device) => device.id === id) ?? { id, label: "" }));
  const [verb, they] =
    devices.length === 1 && others.length === 0 ? ["isn't", "it still reads"] : ["aren't", "they still read"];
  switch (removal.kind) {
    case "removed": {
      context.stdout.write(`${names} ${devices.length === 1 ? "is" : "are"} none of your devices any more.\n`);
      if (others.length > 0)
        context.stdout.write(`Also out, since nothing shows that you have confirmed it: ${otherNames.join(", ")}\n`);
      return EXIT.done;
    }
    case "waiting": {
      const everyone = [names, ...otherNames].join(", ");
      const text = `${everyone} ${verb} removed yet: the server has not answered. This computer goes on with it by itself as soon as the server does; until then ${they} what is written. pad devices shows when it is done.`;
      return { text, code: EXIT.unreachable };
    }
  }
}

async function invite(minutes: number, { chat, server, context, json }: Doing): Promise<Done> {
  const reply = await chat.inviteDevice(minutes);
  if (reply.kind !== "answered") return whyNot(reply, server);
  const { token, until } = reply.value;
  context.stdout.write(json ? jsonLine({ token, until: isoTime(until) }) : `${token}\n`);
  context.stderr.write(
    `Good once, until ${isoTime(until)}, while this computer is on. On the machine, under your name (--as ${visibleLine(chat.me)}): put it in $PAD_DEVICE_TOKEN, or in a file named by $PAD_DEVICE_TOKEN_FILE.\n`,
  );
  return EXIT.done;
}

async function number({ chat, server, context, json }: Doing): Promise<Done> {
  const reply = await chat.ownNumber();
  if (reply.kind !== "answered") return whyNot(reply, server);
  context.stdout.write(json ? jsonLine({ number: reply.value }) : `${reply.value}\n`);
  return EXIT.done;
}

async function reset(doing: Doing): Promise<Done> {
  const { chat, context } = doing;
  if (chat.standing.kind === "confirmed") return { text: ONLY_WAITING, code: EXIT.refused };
  const question =
    "Begin anew with this device alone? All your other devices are put out, you are in no room any more, and everybody else is warned that your key has changed.";
  if (!doing.yes && !(await saysYes(question, context))) return nothingDone(context);
  const outcome = await chat.resetDevices();
  if (outcome.kind === "refused" && outcome.error.reason === "name-has-key") {
    const name = visibleLine(chat.me);
    const text = `Without a tailnet a name is its key, so nobody begins anew under it. The server's administrator frees it: padserve names release ${name}. Then this device is the first of that name by itself, as soon as it asks again (pad devices).`;
    return { text, code: EXIT.refused };
  }
  return told(outcome, "This is your only device now, under a new key.", doing);
}

const LAST =
  "That is the device that you are at, and the only one that you have: nobody could confirm the next one. To move to another computer, confirm that one first (or take history and key along: pad devices export FILE), then remove this one from there.";

const ONLY_WAITING =
  "This device is one of yours, so that nothing is lost: pad devices remove puts others out. reset is for a device that waits, where none is left to confirm it.";

/** A device that waits already goes on doing so: its code may have been read to somebody. */
async function begin({ chat, server }: Doing): Promise<Done> {
  if (chat.standing.kind === "pending" && chat.state.kind !== "ended") return EXIT.done;
  const outcome = await chat.newDevice();
  return outcome.kind === "taken" ? EXIT.done : whyNot(outcome, server);
}

/** Says what this device is, which a new one's person needs next: its code. */
export function tellStanding({ stdout }: Pick<ProcessContext, "stdout">) {
  return (chat: SealedChat): Promise<Done> => {
    stdout.write(`${explainStanding(chat.standing) ?? "This is one of your devices."}\n`);
    return Promise.resolve(EXIT.done);
  };
}

async function give(
  { file, passphraseFile }: Extract<DeviceAction, { kind: "export" | "import" }>,
  doing: Doing,
): Promise<Done> {
  const given = await passphrase(passphraseFile, true, doing.context);
  if ("code" in given) return given;
  const outcome = await doing.chat.exportDevice(file, given.passphrase);
  const what = `History and key are in ${visibleLine(file)}: whoever has it and the passphrase is you.`;
  return ofFile(outcome, EXIT.refused) ?? told(outcome, what, doing);
}

async function take(
  { file, passphraseFile }: Extract<DeviceAction, { kind: "export" | "import" }>,
  doing: Doing,
): Promise<Done> {
  const given = await passphrase(passphraseFile, false, doing.context);
  if ("code" in given) return given;
  const reply = await doing.chat.importDevice(file, given.passphrase);
  if (reply.kind !== "answered") {
    const isOurs = reply.kind === "refused" && reply.error.reason === "device-confirmed";
    if (isOurs) return { text: TOO_LATE, code: EXIT.refused };
    const waits = doing.chat.standing.kind === "pending";
    return ofFile(reply, waits ? EXIT.unconfirmed : EXIT.refused) ?? whyNot(reply, doing.server);
  }
  switch (reply.value.kind) {
    case "confirmed":
      doing.context.stdout.write("This is one of your devices now, with the history of that file.\n");
      return EXIT.done;
    case "kept":
      return { text: KEPT, code: EXIT.unreachable };
  }
}

const TOO_LATE =
  "This device is one of yours already; a file's history comes in only while a device waits. To take it along all the same: on another device of yours pad devices remove this one, then pad devices export anew; here pad devices new, and pad devices import.";

const KEPT =
  "The history and the key of that file are kept here. The server has not said yet whether it takes the key: that shows with the next connection. pad devices tells it.";

/** What the agent says of the file itself, in its own words. */
function ofFile(outcome: Outcome, code: ExitCode): Explanation | null {
  if (outcome.kind !== "refused" || outcome.error.reason !== "own-device") return null;
  return { text: visibleLine(outcome.error.text), code };
}

/** Where nobody can be asked, a script has to say it. */
function nothingDone({ stdin }: Pick<ProcessContext, "stdin">): Explanation {
  const more = stdin.isTTY === true ? "" : " Where nobody is there to be asked, --yes says it.";
  return { text: `Nothing was done.${more}`, code: EXIT.refused };
}

function told(outcome: Outcome, said: string, { server, context }: Doing): Done {
  if (outcome.kind !== "taken") return whyNot(outcome, server);
  context.stdout.write(`${said}\n`);
  return EXIT.done;
}

async function listed({ chat, server }: Doing): Promise<Device[] | Explanation> {
  const reply = await chat.devices();
  return reply.kind === "answered" ? [...reply.value] : whyNot(reply, server);
}

/** What was asked may have been done although no answer came. */
function whyNot(failure: Failure, server: ServerAddress): Explanation {
  if (failure.kind !== "unknown") return explainFailure(failure, server);
  const { text, code } = explainEnd(failure.why, server);
  return { text: `${text} Whether it was done is unknown: pad devices shows what there is now.`, code };
}

function called({ label, id }: Pick<Device, "label" | "id">): string {
  return label === "" ? visibleLine(id) : visibleLine(label);
}
