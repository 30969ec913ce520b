"""What Django REST framework reaches by dotted path: parser, renderer, problem documents, throttles, schema."""
