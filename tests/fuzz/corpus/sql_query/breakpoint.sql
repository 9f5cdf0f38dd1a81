select 1 --> statement-breakpoint '
; /*