import type { ConnectionEnd, SealedChat } from "../../client/index.ts";

/** What `attach` comes to. */
export type Attached =
  /**
   * `chat` is this face's alone: closing it detaches and leaves the agent as it is. It goes on over the end of an agent, with the
   * next one. `name` is the one that this device bears on this server, which need not be the one that was asked for.
   */
  | { readonly kind: "attached"; readonly chat: SealedChat; readonly name: string }
  /** The server answers, and speaks no frames: it is older than they are. Nothing can be sealed there. */
  | { readonly kind: "classic-only" }
  /** The server that nothing was kept of yet could not be reached, or would not have us. */
  | { readonly kind: "failed"; readonly why: "server"; readonly end: ConnectionEnd }
  /** `text` is one line for the person: what happened and what to do next. */
  | { readonly kind: "failed"; readonly why: AgentFailure; readonly text: string };

/**
 * Why there is no agent to attach to, or it can't serve this face.
 * - `no-home`: this user has no folder to keep a device in
 * - `not-started`: none is running, and one could not be started, or was not to be
 * - `other-version`: another version of the agent is running, and other faces need it
 * - `folder`: the device's folder or its socket can't be used: another's, read-only, damaged, of another machine
 * - `busy`: the agent has as many faces, or servers, as it takes
 * - `broken`: the agent does not answer as it should
 * - `silent`: it takes connections and says nothing: it is stopped, or hangs
 * - `another-server`: the address led to another server before, and nothing is said to this one until the person has looked
 * - `aborted`: by the signal
 */
export type AgentFailure =
  | "no-home"
  | "not-started"
  | "other-version"
  | "folder"
  | "busy"
  | "broken"
  | "silent"
  | "another-server"
  | "aborted";
