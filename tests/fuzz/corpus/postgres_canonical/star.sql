expression
(*)@e