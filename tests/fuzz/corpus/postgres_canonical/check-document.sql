expression
xm IS DOCUMENT