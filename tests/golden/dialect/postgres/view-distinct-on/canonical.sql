SELECT DISTINCT ON (kind) kind, id FROM shop.part ORDER by kind, id DESC
