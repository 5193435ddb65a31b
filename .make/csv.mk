# CSV is written by libcsv.
LIBS += -lcsv
