/**
 * `padserve/client`: talks to classic Padserve servers of all three generations.
 *
 * A script connects, awaits `online()`, sends, looks at the outcome and closes. A bot listens with `onEvent`. A
 * full-screen client draws `state` and events, which are plain values. `docs/examples/echo-bot.ts` is a whole program.
 */
export { DEFAULT_PORT, formatAddress, parseAddress } from "./address.ts";
export type { ServerAddress } from "./address.ts";
export { connect } from "./client.ts";
export type { ClientEvent, ClientState, EndedState, OnlineState } from "./events.ts";
export { longestText } from "./longest-text.ts";
export { openTcp } from "./open.ts";
export type { Open } from "./open.ts";
export type {
  Answered,
  ConnectionEnd,
  EndCause,
  Failure,
  HelpEntry,
  Outcome,
  PublicInfo,
  Reply,
  ServerError,
  ServerInfo,
  Taken,
} from "./outcomes.ts";
export type { ConnectOptions, PadClient } from "./pad-client.ts";
export type { ReconnectPolicy } from "./reconnect.ts";
export { DEFAULT_TIMINGS } from "./timings.ts";
export type { Timings } from "./timings.ts";
