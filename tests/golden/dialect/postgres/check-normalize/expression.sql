("normalize"((name)::text, 'nfc'::text) = (name)::text)
--
(NORMALIZE(name, NFC) = (name)::text)
