"""ModelArts' Python SDK, as scripts know it, over a Trainwright server (docs/howto/use-the-modelarts-sdk.md)."""
