import type { Range } from "../core/ports.ts";
import { decideCommit } from "./committing.ts";
import { decideCreate } from "./creating.ts";
import type { GroupCommand } from "./commands.ts";
import type { Context, Decision } from "./decision.ts";
import { decideOffline, decideOnline, decideReleaseOwner, decideRemoveDevice, decideRetire } from "./devices.ts";
import { decideForget, rangesToForget } from "./forgetting.ts";
import { decidePublish, decideTake, rangesToTake } from "./key-packages.ts";
import { decideLeave, decideReport } from "./leaving.ts";
import { decideAsk, decideConfirm, decideDismiss, decideForgetWaiting } from "./pending.ts";
import { decideAcknowledge, decideWelcomeDone } from "./reading.ts";
import { decideBar, decideOrderRemoval, decideUnbar, decideUnseen } from "./removals.ts";
import { decideKeepSuccessions, decideReset, decideRotate } from "./rotation.ts";
import { decideSend } from "./sending.ts";
import type { State } from "./state.ts";

/** What a command leads to in a state. Pure: the same state, command and context give the same decision. */
export function decideGroups(state: State, command: GroupCommand, context: Context): Decision {
  switch (command.kind) {
    case "send":
      return decideSend(state, command, context);
    case "commit":
      return decideCommit(state, command, context);
    case "create-group":
      return decideCreate(state, command, context);
    case "publish-packages":
      return decidePublish(state, command, context);
    case "take-packages":
      return decideTake(state, command, context);
    case "acknowledge":
      return decideAcknowledge(state, command);
    case "welcome-done":
      return decideWelcomeDone(state, command);
    case "leave":
      return decideLeave(state, command, context);
    case "report-commit":
      return decideReport(state, command, context);
    case "ask-confirmation":
      return decideAsk(state, command, context);
    case "confirm-device":
      return decideConfirm(state, command, context);
    case "dismiss-device":
      return decideDismiss(state, command);
    case "forget-waiting":
      return decideForgetWaiting(state, context);
    case "rotate-user-key":
      return decideRotate(state, command, context);
    case "keep-successions":
      return decideKeepSuccessions(state, command);
    case "reset-user-key":
      return decideReset(state, command, context);
    case "retire-device":
      return decideRetire(state, command, context);
    case "device-online":
      return decideOnline(state, command, context);
    case "device-offline":
      return decideOffline(command);
    case "order-removal":
      return decideOrderRemoval(state, command, context);
    case "bar-owner":
      return decideBar(state, command, context);
    case "unbar-owner":
      return decideUnbar(state, command);
    case "look-at-devices":
      return decideUnseen(state, command, context);
    case "remove-device":
      return decideRemoveDevice(state, command, context);
    case "release-owner":
      return decideReleaseOwner(state, command, context);
    case "forget-old":
      return decideForget(state, command, context);
  }
}

/** What must be read before a command can be decided. */
export function rangesOf(state: State, command: GroupCommand): readonly Range[] {
  switch (command.kind) {
    case "take-packages":
      return rangesToTake(state, command);
    case "forget-old":
      return rangesToForget(state, command);
    case "send":
    case "commit":
    case "create-group":
    case "publish-packages":
    case "acknowledge":
    case "welcome-done":
    case "leave":
    case "report-commit":
    case "ask-confirmation":
    case "confirm-device":
    case "dismiss-device":
    case "retire-device":
    case "rotate-user-key":
    case "keep-successions":
    case "reset-user-key":
    case "forget-waiting":
    case "device-online":
    case "device-offline":
    case "order-removal":
    case "bar-owner":
    case "unbar-owner":
    case "look-at-devices":
    case "remove-device":
    case "release-owner":
      return [];
  }
}
