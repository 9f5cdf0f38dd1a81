"""never closed
revision = "b"
