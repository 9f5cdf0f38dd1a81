xm IS document
