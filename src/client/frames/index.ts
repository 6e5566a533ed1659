/**
 * `client/frames`: a client of the frame protocol (docs/frames.md): connects, says hello, asks and hears. It knows frames and
 * their order, and neither keys nor groups: an agent gives the device's proof and does what pushes ask for. `framesChat` is
 * what can be done without.
 */

export { framesChat } from "./chat.ts";
export { connectFrames } from "./client.ts";
export type { Answer, BeforeHello, FrameOptions, FramesClient, FramesEvent, ServerHello } from "./frames-client.ts";
