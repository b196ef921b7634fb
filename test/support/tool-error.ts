/** A tool of the fake kernel refuses; the message is what the real one says. */
export class ToolError extends Error {}
