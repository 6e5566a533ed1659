/**
 * `client`: what a chat client is, of no protocol and without Node: conversations, messages with their place in order, people,
 * and how things end. `classic/` speaks to servers of the classic protocol; `transport/` gets there.
 */

export type { ChatClient, ChatEvent } from "./chat-client.ts";
export { classicDirect, idOf, OPEN_ROOM, OPEN_ROOM_NAME } from "./conversation.ts";
export type { Conversation, ConversationId } from "./conversation.ts";
export type { Device, Imported, Removal, Standing } from "./devices.ts";
export type { Hold } from "./hold.ts";
export { DOUBTS } from "./message.ts";
export type { ChatMessage, Delivery, Doubt, Quote, SealedFacts } from "./message.ts";
export type {
  Answered,
  ConnectionEnd,
  AgentEnd,
  Ban,
  EndCause,
  Failure,
  HelpEntry,
  Outcome,
  PublicInfo,
  Reply,
  ServerInfo,
  Taken,
} from "./outcomes.ts";
export { isSameName } from "./people.ts";
export type { Person } from "./people.ts";
export { Lifecycle } from "./lifecycle.ts";
export type { LifecycleOwner } from "./lifecycle.ts";
export type { BackOff, ReconnectPolicy } from "./reconnect.ts";
export type { Refusal } from "./refusals.ts";
export type { Member, Room, SafetyNumber, SealedChat, SendOptions } from "./sealed-chat.ts";
export type { ClientState, EndedState, OnlineState } from "./state.ts";
