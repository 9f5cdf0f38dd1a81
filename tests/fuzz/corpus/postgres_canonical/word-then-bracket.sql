expression
+some+e+e