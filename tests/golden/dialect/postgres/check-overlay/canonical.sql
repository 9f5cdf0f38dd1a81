overlay(name, 'x'::text, 2, 3) <> ''::text
