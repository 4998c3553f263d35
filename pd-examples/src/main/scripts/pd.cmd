@echo off
rem Runs pd.jar, which lies beside this script, as its folder "lib" does. PD_JAVA_OPTIONS holds options for Java.
java %PD_JAVA_OPTIONS% -jar "%~dp0pd.jar" %*
