"""The studio: a Gradio application. `app.launch` opens it; nothing here is imported before that."""
