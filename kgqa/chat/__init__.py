"""The chat: explanations, pictures, the assistant and its page."""
