/** What an agent's service needs of a device's chat. */
export { agentChat } from "./agent-chat.ts";
export type { AgentChat, AgentChatOptions } from "./agent-chat.ts";
