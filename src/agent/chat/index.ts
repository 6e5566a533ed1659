/** `agent/chat`: a device's conversations as its faces see them; `agentChat` is what the agent's service needs of them. */

export { agentChat } from "./agent-chat.ts";
export type { AgentChat } from "./agent-chat.ts";
