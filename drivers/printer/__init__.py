"""From a document to ink: layout, bytes, status, device."""
