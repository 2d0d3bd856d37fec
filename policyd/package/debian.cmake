# debian.cmake: run by cpack before it builds the package: what Debian wants besides, or otherwise.
set(doc ${CPACK_TEMPORARY_DIRECTORY}/usr/share/doc/policyd)

# The licence once more, each line behind a space, and empty ones a full stop.
file(READ ${CPACK_POLICYD_SOURCE}/COPYING licence)
string(REGEX REPLACE "^ISC License\n\nCopyright[^\n]*\n\n" "" licence "${licence}")
string(REGEX REPLACE "\n\n" "\n.\n" licence "${licence}")
string(REGEX REPLACE "\n([^\n])" "\n \\1" licence "\n${licence}")
file(WRITE ${doc}/copyright
     "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n"
     "Upstream-Name: policyd\n\n"
     "Files: *\nCopyright: 2026 the policyd authors\nLicense: ISC${licence}")

file(COPY ${CPACK_POLICYD_SOURCE}/policyd/package/changelog DESTINATION ${doc})
file(GLOB pages ${CPACK_TEMPORARY_DIRECTORY}/usr/share/man/man*/*.[1-8])
execute_process(COMMAND gzip -9nf ${pages} ${doc}/changelog COMMAND_ERROR_IS_FATAL ANY)
