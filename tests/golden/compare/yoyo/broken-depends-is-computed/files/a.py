from yoyo import step
__depends__ = set(["b"])
