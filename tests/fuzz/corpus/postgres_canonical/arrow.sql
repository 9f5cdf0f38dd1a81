expression
=>-0